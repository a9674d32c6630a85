"""doctor: what it finds, and what it advises."""

from __future__ import annotations

import json

from dlplay.cli import doctor


def found(findings):
    return {finding.name: finding for finding in findings}


def test_here_all_is_well_enough(dlplay):
    result = dlplay("doctor", "--json")
    findings = {row["name"]: row for row in json.loads(result.stdout)}
    assert result.exit_code == 0
    for name in ("dlplay", "python", "packages", "data", "scenes", "settings", "torch", "device"):
        assert findings[name]["state"] == "ok", findings[name]
    assert "shakespeare.txt.gz" in findings["data"]["text"]
    import torch

    assert str(torch.__version__) in findings["torch"]["text"]
    assert findings["tiny/broken"]["state"] == "warning"
    assert "broken.py" in findings["tiny/broken"]["advice"]


def test_trouble_exits_with_1_and_every_trouble_has_advice(dlplay, monkeypatch):
    monkeypatch.setattr(doctor, "_ask_torch", lambda: "cannot be imported: no such module")
    result = dlplay("doctor", "--ascii")
    assert result.exit_code == 1
    words = " ".join(result.stdout.split())
    assert "trouble torch cannot be imported: no such module" in words
    assert "install torch again" in words
    assert result.stdout.isascii()


def test_torch_that_cannot_be_imported_is_trouble(monkeypatch):
    monkeypatch.setattr(doctor, "PROBE", "import no_such_module_at_all")
    (finding,) = doctor.torch_build()
    assert finding.state == "trouble"
    assert "No module named 'no_such_module_at_all'" in finding.text


def test_a_gpu_is_named_and_a_driver_without_one_is_told(monkeypatch):
    answer = {"version": "2.9", "cuda_build": "12.8", "gpus": ["H100"], "memory": [80 * 2**30],
              "mps": False, "threads": 1, "product": 512}  # fmt: skip
    monkeypatch.setattr(doctor, "_ask_torch", lambda: answer)
    monkeypatch.setattr(doctor.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert [f.text for f in doctor.torch_build()][-1] == "cuda, H100, 80 GB"
    answer |= {"gpus": [], "memory": [], "cuda_build": ""}
    last = list(doctor.torch_build())[-1]
    assert last.state == "warning"
    assert "CUDA build" in last.advice


def test_terminals(monkeypatch):
    monkeypatch.setattr(doctor.sys, "stdin", Terminal())
    monkeypatch.setattr(doctor.sys, "stdout", Terminal())
    monkeypatch.setattr(doctor.shutil, "get_terminal_size", lambda: (70, 24))
    rich = found(doctor.terminal({"TERM": "xterm-256color", "COLORTERM": "truecolor"}))
    assert rich["terminal"].state == rich["colours"].state == "ok"
    assert "16 million" in rich["colours"].text
    assert rich["size"].state == "warning"
    assert "80x24" in rich["size"].advice
    dumb = found(doctor.terminal({"TERM": "dumb"}))
    assert dumb["terminal"].state == "trouble"
    tmux = found(doctor.terminal({"TERM": "screen-256color", "TMUX": "1", "SSH_TTY": "1"}))
    assert tmux["colours"].text == "256"
    assert tmux["within"].text == "tmux and SSH"
    assert "terminal-features" in tmux["within"].advice
    assert "NO_COLOR" in found(doctor.terminal({"TERM": "x", "NO_COLOR": "1"}))["colours"].text
    kitty = found(doctor.terminal({"TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1"}))
    assert "Kitty" in kitty["graphics"].text
    assert kitty["characters"].state == "warning"  # Terminal is latin-1


class Terminal:
    encoding = "latin-1"

    def isatty(self):
        return True


def test_damaged_data_is_trouble(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "DATA", tmp_path)
    (none,) = doctor.data()
    assert none.state == "trouble"
    (tmp_path / "photos.npz").write_bytes(b"")
    (empty,) = doctor.data()
    assert empty.text == "empty: photos.npz"


def test_a_settings_folder_that_cannot_be_written(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (fine,) = doctor.settings_folder()
    assert fine.state == "ok"
    assert "made when it is needed" in fine.text
    assert "charts: own" in fine.text
    (tmp_path / "dlplay").mkdir()
    (tmp_path / "dlplay" / "settings.toml").write_text('charts = "plottext"')
    wrong, _ = doctor.settings_folder()
    assert (wrong.state, wrong.text.count("Did you mean 'plotext'?")) == ("warning", 1)
    (tmp_path / "dlplay" / "settings.toml").unlink()
    monkeypatch.setattr(doctor.os, "access", lambda path, mode: False)
    (bad,) = doctor.settings_folder()
    assert bad.state == "warning"
    assert "XDG_CONFIG_HOME" in bad.advice
