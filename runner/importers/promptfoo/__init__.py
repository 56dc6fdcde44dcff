"""From a promptfoo configuration to a Holdfast suite: ``conversion`` is the whole sentence. Feeds ``IMPORTERS``."""
