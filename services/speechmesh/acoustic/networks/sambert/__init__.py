"""Sambert, the acoustic model of KAN-TTS and ModelScope's `speech_sambert-hifigan_tts_*` voices."""
