"""The text frontend: reads text, conducts the other stages and delivers audio."""
