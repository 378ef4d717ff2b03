"""A real browser without a screen, Chromium's engine as PySide6 carries it: opens a page and says what it saw, as JSON.

Run as a program, because a browser wants the main thread, and its own process to fail in:  python -m tests.host.browser PAGE [PICTURE]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

#: What is asked of the page once it is there.
QUESTIONS = """JSON.stringify({
    title: document.title,
    headings: [...document.querySelectorAll("h2")].map(e => e.textContent),
    verdict: document.querySelector("#verdict")?.textContent ?? "",
    images: [...document.images].map(e => ({ready: e.complete, width: e.naturalWidth, shown: e.getBoundingClientRect().width})),
    checks: [...document.querySelectorAll("td.pass, td.miss")].map(e => e.textContent),
    rows: [...document.querySelectorAll("section")].map(e => e.querySelectorAll("details tr").length - 1),
    dead: [...document.querySelectorAll("nav a")].filter(e => !document.querySelector(e.getAttribute("href"))).length,
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
})"""

#: Milliseconds: until pictures are drawn; until it has hung.
SETTLE, HUNG = 700, 60_000


def look(page: Path, picture: Path | None = None) -> dict[str, Any]:
    """What a browser sees; ``asked`` holds every address that it tried to fetch, ``said`` its console. Raises if it cannot start."""
    words = [sys.executable, "-m", "tests.host.browser", str(page), *([str(picture)] if picture else [])]
    # No screen, no graphics card, and no sandbox, which the superuser of a container cannot have.
    quiet = {
        "QT_QPA_PLATFORM": "offscreen",
        "QTWEBENGINE_DISABLE_SANDBOX": "1",
        "QTWEBENGINE_CHROMIUM_FLAGS": "--disable-gpu --disable-background-networking --disable-component-update",
    }
    done = subprocess.run(
        words, env=os.environ | quiet, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2], timeout=300
    )
    if done.returncode:
        raise RuntimeError(f"no browser: status {done.returncode}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(page: str, picture: str | None = None) -> None:
    from PySide6.QtCore import QTimer, QUrl
    from PySide6.QtWebEngineCore import (
        QWebEnginePage,
        QWebEngineProfile,
        QWebEngineSettings,
        QWebEngineUrlRequestInfo,
        QWebEngineUrlRequestInterceptor,
    )
    from PySide6.QtWebEngineWidgets import QWebEngineView
    from PySide6.QtWidgets import QApplication

    asked: list[str] = []
    said: list[str] = []

    class Interceptor(QWebEngineUrlRequestInterceptor):
        def interceptRequest(self, info: QWebEngineUrlRequestInfo) -> None:
            asked.append(info.requestUrl().toString()[:80])

    class Page(QWebEnginePage):
        def javaScriptConsoleMessage(self, level: object, message: str, line: int, source: str) -> None:
            said.append(message)

    application = QApplication([])
    profile, interceptor, view = QWebEngineProfile(), Interceptor(), QWebEngineView()
    profile.setUrlRequestInterceptor(interceptor)
    sheet = Page(profile, view)
    # As browsers do; otherwise Qt would leave out what the page should not have asked for.
    sheet.settings().setAttribute(QWebEngineSettings.WebAttribute.LocalContentCanAccessRemoteUrls, True)
    view.setPage(sheet)
    view.resize(1200, 1600)
    view.show()

    def answered(text: str) -> None:
        if picture is not None:
            view.grab().save(picture)
        print(json.dumps({**json.loads(text), "asked": asked, "said": said}))
        application.quit()

    def loaded(well: bool) -> None:
        if not well:
            said.append("the page did not load")
        QTimer.singleShot(SETTLE, lambda: sheet.runJavaScript(QUESTIONS, 0, answered))

    sheet.loadFinished.connect(loaded)
    QTimer.singleShot(HUNG, lambda: application.exit(1))
    view.load(QUrl.fromLocalFile(str(Path(page).resolve())))
    status = application.exec()
    view.deleteLater()
    sys.stdout.flush()
    os._exit(status)


if __name__ == "__main__":
    main(*sys.argv[1:])
