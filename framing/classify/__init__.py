"""Classifiers: one protocol with one method, and the ways to get something that implements it."""
