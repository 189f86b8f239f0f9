"""The model in torch: resamplers, the network around Qwen2.5-VL, its checkpoints. Imported only where it is run."""
