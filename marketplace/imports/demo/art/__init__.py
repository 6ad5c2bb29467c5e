"""Draws the demo's goods: the same ArtSpec, view and size give the same picture, byte for byte.

    draw(spec, view, size) -> PIL.Image           a square RGB picture; view 0 to spec.views - 1; any size from 64 pixels
    webp(spec, view, size) -> bytes               the same as a WebP file
    jobs(specs, views=…, sizes=…) -> [Job]        what there is to draw, named "<stem>-<view>-<size>.webp"
    render_all(jobs, folder, processes=2)         draws them into a folder, on several processes; yields names as done

Only numpy and Pillow are needed. One picture costs 30 to 80 ms of processor time at 480 pixels and 130 to 400 at 1200,
so the hall opens with every first view at 480, and the rest is drawn while it is open; popular things first:

    first = jobs(named, views=[0], sizes=(480,))
    later = jobs(named, views=[0], sizes=(1200,)) + jobs(named, views=[1, 2, 3], sizes=(1200, 480))

The scenes have no pixel sizes in them, so each size may be drawn by itself or reduced from a larger one.
"""

from marketplace.imports.demo.art.render import Job, draw, jobs, render_all, webp
from marketplace.imports.demo.art.spec import ArtSpec

__all__ = ["ArtSpec", "Job", "draw", "jobs", "render_all", "webp"]
