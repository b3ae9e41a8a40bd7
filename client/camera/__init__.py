"""Where pictures come from: cameras, files, a simulated camera, and the faces found without the server."""
