import { showTimes } from "./api.js";

showTimes();
