#!/usr/bin/env bash
# One task on every node of a step: accelerate's launcher, which starts a training process for every GPU of the node.
#   node.sh ENGINE NUM_NODES MAIN_NODE train/grpo.py --config recipes/grpo/x.yaml [section.key=value ...]
set -euo pipefail
engine=$1 nodes=$2 main=$3
shift 3
gpus=${SLURM_GPUS_ON_NODE:?ask for GPUs, e.g. --gpus-per-node=8}

# The training processes listen to SIGUSR1. The launcher would die of it and take them along, so it ignores the signal; they
# inherit that until they listen, so that a warning during start-up is lost, and the run resumes from its last checkpoint.
trap '' USR1
accelerate launch \
  --config_file "recipes/accelerate/$engine.yaml" \
  --num_machines "$nodes" \
  --machine_rank "$SLURM_NODEID" \
  --num_processes "$((nodes * gpus))" \
  --main_process_ip "$main" \
  --main_process_port "$((20000 + SLURM_JOB_ID % 10000))" \
  "$@" &
launcher=$!
trap 'pkill -USR1 --parent "$launcher" || true' USR1

code=0
while true; do
  wait "$launcher" && code=0 || code=$?
  # Above 128 a signal may have ended the wait, and not the launcher.
  ((code > 128)) && kill -0 "$launcher" 2>/dev/null || break
done
exit "$code"
