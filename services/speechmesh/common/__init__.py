"""What all services share: settings, server bootstrap, telemetry, errors, voice bundles, audio."""
