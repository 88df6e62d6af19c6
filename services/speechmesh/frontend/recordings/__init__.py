"""Recordings that a document plays: files of the deployment's folder, decoded within bounds."""
