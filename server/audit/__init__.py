"""What must never be lost: the access log and the enrolment log."""
