import { keepFresh, showTimes } from "./api.js";

showTimes();
keepFresh("state");
