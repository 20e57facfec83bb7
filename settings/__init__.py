"""What a person may configure: one frozen `Settings`, and how it is loaded."""

from .explain import Loaded
from .layers import load_settings
from .schema import (
    Api,
    IndexSettings,
    LocalTier,
    Neo4jConfig,
    OllamaSettings,
    QdrantConfig,
    RolesSettings,
    SearchSettings,
    ServerSettings,
    Settings,
    StoresSettings,
    TierConfig,
    TiersSettings,
    WebSettings,
)

__all__ = [
    "Api",
    "IndexSettings",
    "Loaded",
    "LocalTier",
    "Neo4jConfig",
    "OllamaSettings",
    "QdrantConfig",
    "RolesSettings",
    "SearchSettings",
    "ServerSettings",
    "Settings",
    "StoresSettings",
    "TierConfig",
    "TiersSettings",
    "WebSettings",
    "load_settings",
]
