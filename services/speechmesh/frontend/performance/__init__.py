"""A script on its way to its caller: each segment comes from where it is had soonest.

`performance` takes the segments one after the other: a recording is `playing`, a phrase that was `said_before` comes
from the cache, all others from the stages by way of a conductor. It goes on where a stage that died left it.
"""
