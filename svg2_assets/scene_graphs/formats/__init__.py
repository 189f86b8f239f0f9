"""Scene graphs from and to the file formats of others. `registry.FORMATS` names them, `values` says what each is."""
