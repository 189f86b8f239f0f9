"""The scene-graph store on LanceDB."""
