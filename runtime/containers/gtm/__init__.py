"""Reads exports of Google Tag Manager's server containers and writes a container of ours in their place.

An export is data and stays data: the JavaScript in it is never run, only kept beside a stub as a comment. The way is
`importer.import_gtm`: read → find secrets → list entities → map each kind → mend what no container may hold → write.
"""
