"""`S3`: objects of any name, as Metaflow's programs get and put them, apart from artifacts.

client                   the class `S3`
objects                  what it gives and takes: S3Object, S3GetObject, S3PutObject
places                   where objects are: buckets, through obstore; a directory, where the datastore is one
"""

from __future__ import annotations
