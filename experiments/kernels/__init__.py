"""What Transformer Dissection (Tsai et al. 2019) claims, tested again with small models: `README.md` says how."""
