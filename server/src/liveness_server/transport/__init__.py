"""Everything asyncio, av and aiortc: signalling, media, the shell round the engine."""
