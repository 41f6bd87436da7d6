"""The digest by which a file is recognised."""

import io

from engine.imports import stored_files


def test_a_digest_is_that_of_the_content_and_of_this_installation():
    digest = stored_files.digest_of(io.BytesIO(b"email\n"), secret=b"ours")

    assert digest == stored_files.digest_of(io.BytesIO(b"email\n"), secret=b"ours")
    assert digest != stored_files.digest_of(io.BytesIO(b"email\r\n"), secret=b"ours")
    assert digest != stored_files.digest_of(io.BytesIO(b"email\n"), secret=b"theirs")
