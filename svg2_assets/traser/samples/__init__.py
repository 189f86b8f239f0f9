"""Training samples of TRASER: from graphs to rows (`build`), from rows to examples in one order for all (`stream`)."""
