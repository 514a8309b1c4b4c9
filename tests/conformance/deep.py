"""Trees deeper than PATH_MAX, for the scripts of this folder."""
import os
import subprocess


def make_chain(path, levels, name, files=()):
    """A chain of directories, each of that name, with these files in each but the last."""
    path.mkdir()
    fd = os.open(path, os.O_RDONLY)
    for _ in range(levels):
        for file in files:
            os.close(os.open(file, os.O_CREAT | os.O_WRONLY, dir_fd=fd))
        os.mkdir(name, dir_fd=fd)
        below = os.open(name, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(fd)


def remove_chain(path):
    """From the end of the chain back: shutil.rmtree gives up beyond PATH_MAX."""
    subprocess.run(["rm", "-rf", path], check=True)
