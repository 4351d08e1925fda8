"""The empty job, and `python -m bench.peers.queue.tasks N`, which enqueues so many."""

import os
import sys
import time

from django_tasks import task


@task()
def nothing(sent: int) -> None:
    os.write(1, f"{sent} {time.time_ns() // 1000}\n".encode())


if __name__ == "__main__":
    import django

    django.setup()
    from django.db import transaction

    from bench.peers.queue.tasks import nothing as job

    with transaction.atomic():
        for _ in range(int(sys.argv[1])):
            job.enqueue(time.time_ns() // 1000)
