"""Reading and writing: frames, detections with vectors, MOT text and results."""
