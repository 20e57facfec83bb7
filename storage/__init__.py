"""How anything of ours is kept on disk: what its faults mean and how they are mended."""
