from __future__ import annotations

from pathlib import Path

from runtime.log.disk import DiskWatch, used_percent


class Disk:
    def __init__(self, used: float) -> None:
        self.used = used

    def __call__(self, folder: Path) -> float:
        if self.used < 0:
            raise OSError("no such disk")
        return self.used


def watch(disk: Disk) -> DiskWatch:
    return DiskWatch(Path("data"), high=90, low=85, used=disk)


def test_a_disk_is_full_above_the_high_mark_until_it_is_below_the_low_one() -> None:
    disk = Disk(90)
    watched = watch(disk)
    seen = []
    for disk.used in (90.1, 86, 85.1, 85, 89.9, 91):
        watched.look()
        seen.append(watched.full)
    assert seen == [True, True, True, False, False, True]
    assert watched.reasons == ["the disk is full"]


def test_a_disk_that_is_full_at_the_start_is_noticed_at_once() -> None:
    assert watch(Disk(99)).full


def test_a_disk_that_cannot_be_asked_changes_nothing() -> None:
    disk = Disk(95)
    watched = watch(disk)
    disk.used = -1
    watched.look()
    assert watched.full


def test_the_real_disk_has_a_share_in_use(tmp_path: Path) -> None:
    assert 0 < used_percent(tmp_path) <= 100
