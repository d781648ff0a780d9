"""`firsthand doctor`: is a store's subdomain set up so that browsers keep what the collector gives them?"""
