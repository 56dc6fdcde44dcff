"""What of a run's texts may be kept, told or printed. Pure; feeds ``runner.keeping``, runs and canaries."""
