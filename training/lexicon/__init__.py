"""The English lexicon, from flite's."""
