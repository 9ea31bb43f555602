"""What a cluster lives through: create, resize, delete."""
