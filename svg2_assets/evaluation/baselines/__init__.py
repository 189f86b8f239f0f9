"""Vision models behind the gateway as baselines: frames and boxes in, a graph in TRASER's answer form out."""
