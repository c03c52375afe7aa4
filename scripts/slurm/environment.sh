# shellcheck shell=bash
# Sourced by the batch scripts, in the repository's root. Everything that was exported at `sbatch` is kept.

PATH="$PATH:$PWD/.venv/bin" # what `make install` made, where nothing else is active
export TETHER_RUNS="${TETHER_RUNS:-$PWD/runs}" # on a file system that all nodes share: a requeued job resumes from there

# srun does not take --cpus-per-task over from sbatch by itself (since Slurm 22.05).
export SRUN_CPUS_PER_TASK="${SLURM_CPUS_PER_TASK:-1}"

# Where the defaults do not fit. Set them at `sbatch`, or here:
# export HF_HUB_OFFLINE=1                 # compute nodes without a network; models and data are in the cache
# export NCCL_DEBUG=INFO                  # which network NCCL chose; once, then leave it out
# export NCCL_SOCKET_IFNAME=<interface>   # where hostnames lead to a network that NCCL cannot use
# export NCCL_IB_HCA=<adapters>           # which InfiniBand adapters to use, e.g. mlx5
# export NCCL_IB_DISABLE=1                # no InfiniBand: plain sockets
# export NCCL_P2P_DISABLE=1               # GPUs of one node that cannot reach each other's memory
# export TORCH_NCCL_TRACE_BUFFER_SIZE=2000 TORCH_NCCL_DUMP_ON_TIMEOUT=1   # where each process stood when one hangs
# A generation that takes one process longer than the others' patience (30 minutes): trainer.ddp_timeout=7200
