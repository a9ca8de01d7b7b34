"""Pages of the site that are kept elsewhere in the repository."""

from pathlib import Path
from typing import Any


def on_files(files: Any, config: Any) -> Any:
    """Add the page on installing, which stands beside the manifests, and leave this file out."""
    from mkdocs.structure.files import File  # noqa: PLC0415 - the site's own environment has it, the tests' has not

    text = (Path(config.docs_dir).parent / "config" / "README.md").read_text(encoding="utf-8")
    files.append(File.generated(config, "install.md", content=text.replace("](../docs/", "](")))
    files.remove(files.get_file_from_path(Path(__file__).name))
    return files


def on_page_markdown(text: str, page: Any, config: Any, files: Any) -> str:
    """Let links to that page lead to its place in the site."""
    return text.replace("](../config/README.md", "](install.md")
