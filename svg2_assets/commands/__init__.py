"""What the `svg2` command does, one module a group of commands; `svg2_assets.cli` only parses."""
