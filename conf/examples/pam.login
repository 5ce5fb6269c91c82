# Add to /etc/pam.d/login: the first line after the other auth lines, the second as the very last line.
auth     optional  pam_container.so
session  required  pam_container.so
