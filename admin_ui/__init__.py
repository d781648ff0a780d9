"""What the admin port serves. In this release: read-only figures and traces as JSON, on loopback only."""
