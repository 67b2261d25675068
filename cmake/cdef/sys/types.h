/* Foreign function interfaces know ssize_t by themselves. */
