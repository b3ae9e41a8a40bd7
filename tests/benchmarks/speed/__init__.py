"""How fast the server is, against the usual loops over face_recognition; `make bench` runs it all."""
