"""Tests of rhobar: the folders mirror lib/rhobar/, ``laws`` holds the suites that all inherit."""
