"""VidVRD and VidOR, in and out."""
