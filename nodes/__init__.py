"""One graph node = one small async function."""
