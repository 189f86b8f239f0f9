"""Videos as files and objects, decoded by PyAV."""
