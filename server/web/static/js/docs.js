// The API's description, shown by Swagger UI.
const place = document.getElementById("swagger");
window.SwaggerUIBundle({ url: place.dataset.description, domNode: place, deepLinking: true, validatorUrl: null });
