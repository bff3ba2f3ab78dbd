import { reads, type Subject, SYS_RESOURCE, writes } from './technique.js'

/** Files of /proc/sys that are the machine's. They are opened, never written: the kernel asks for the permission there. */
const kernel =
  'acct bpf_stats_enabled cad_pid core_file_note_size_limit core_pattern core_pipe_limit core_uses_pid ctrl-alt-del dmesg_restrict ' +
  'ftrace_enabled hung_task_panic io_uring_disabled kexec_load_disabled kptr_restrict modprobe modules_disabled ' +
  'numa_balancing oops_limit panic panic_on_oops panic_on_warn perf_cpu_time_max_percent perf_event_paranoid poweroff_cmd print-fatal-signals ' +
  'printk printk_devkmsg randomize_va_space sched_autogroup_enabled sched_rt_period_us sched_rt_runtime_us softlockup_panic split_lock_mitigate ' +
  'sysctl_writes_strict sysrq tainted threads-max traceoff_on_warning unknown_nmi_panic unprivileged_bpf_disabled warn_limit watchdog ' +
  'keys/maxkeys pty/max random/write_wakeup_threshold seccomp/actions_logged usermodehelper/bset usermodehelper/inheritable ' +
  'yama/ptrace_scope'
const memory =
  'admin_reserve_kbytes compact_memory dirty_ratio dirty_writeback_centisecs drop_caches laptop_mode legacy_va_layout max_map_count ' +
  'min_free_kbytes mmap_min_addr mmap_rnd_bits nr_hugepages oom_kill_allocating_task overcommit_memory overcommit_ratio page-cluster ' +
  'panic_on_oom stat_refresh swappiness unprivileged_userfaultfd user_reserve_kbytes vfs_cache_pressure watermark_scale_factor'
const files =
  'aio-max-nr epoll/max_user_watches fanotify/max_queued_events file-max inotify/max_queued_events lease-break-time leases-enable mount-max ' +
  'nr_open pipe-max-size pipe-user-pages-hard pipe-user-pages-soft protected_fifos protected_hardlinks protected_regular protected_symlinks ' +
  'suid_dumpable'
const network =
  'core/bpf_jit_enable core/bpf_jit_harden core/bpf_jit_limit core/busy_poll core/default_qdisc core/dev_weight core/message_cost ' +
  'core/netdev_budget core/netdev_max_backlog core/rps_sock_flow_entries core/warnings ipv4/neigh/default/gc_thresh3 ' +
  'ipv6/neigh/default/gc_thresh3 ipv4/tcp_mem ipv4/udp_mem netfilter/nf_conntrack_max netfilter/nf_conntrack_expect_max netfilter/nf_log_all_netns'
const devices = 'cdrom/autoeject hpet/max-user-freq tty/ldisc_autoload tty/legacy_tiocsti raid/speed_limit_max'

const below = (folder: string, names: string) => names.split(' ').map((name) => `/proc/sys/${folder}/${name}`)

export const settings: Subject = {
  title: 'Settings of the machine',
  techniques: [
    ...below('kernel', kernel),
    ...below('vm', memory),
    ...below('fs', files),
    ...below('net', network),
    ...below('dev', devices),
    ...['register', 'status'].map((name) => `/proc/sys/fs/binfmt_misc/${name}`),
  ].map(writes),
}

export const kernelFiles: Subject = {
  title: "The kernel's files",
  techniques: [
    ...[
      '/proc/sysrq-trigger',
      '/proc/kcore',
      '/proc/mtrr',
      '/proc/irq/default_smp_affinity',
      '/proc/latency_stats',
      '/sys/block/loop0/queue/read_ahead_kb',
      '/sys/block/loop0/uevent',
      '/sys/bus/pci/rescan',
      '/sys/bus/platform/drivers_autoprobe',
      '/sys/bus/platform/drivers_probe',
      '/sys/class/vtconsole/vtcon0/bind',
      '/sys/devices/system/cpu/cpu1/online',
      '/sys/devices/system/clocksource/clocksource0/current_clocksource',
      '/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages',
      '/sys/kernel/mm/ksm/run',
      '/sys/kernel/mm/lru_gen/enabled',
      '/sys/kernel/mm/numa/demotion_enabled',
      '/sys/kernel/mm/swap/vma_ra_enabled',
      '/sys/kernel/mm/transparent_hugepage/enabled',
      '/sys/kernel/profiling',
      '/sys/kernel/rcu_expedited',
      '/sys/kernel/reboot/mode',
      '/sys/kernel/uevent_helper',
      '/sys/module/kernel/parameters/panic',
      '/sys/module/printk/parameters/time',
      '/sys/power/state',
      '/sys/power/disk',
      '/sys/power/wake_lock',
    ].map(writes),
    ...[
      '/proc/kcore',
      '/proc/kmsg',
      '/proc/kpagecgroup',
      '/proc/kpagecount',
      '/proc/kpageflags',
      '/proc/slabinfo',
      '/proc/timer_list',
      '/proc/vmallocinfo',
      '/proc/pagetypeinfo',
      '/sys/firmware/acpi/tables/DSDT',
      '/sys/firmware/dmi/tables/DMI',
      '/sys/kernel/debug/sched/features',
      '/sys/kernel/slab/kmalloc-64/alloc_calls',
      '/sys/kernel/tracing/trace',
    ].map(reads),
    {
      name: 'addresses of the kernel: /proc/kallsyms',
      perl: `open(my $file, '<', '/proc/kallsyms') or return errno(); my $line = <$file> // ''; $line =~ /^0*[1-9a-f]/ ? 'addresses' : 'zeros'`,
      inside: ['zeros', 'ENOENT'],
      machine: ['addresses'],
    },
    {
      name: 'where the memory is: /proc/iomem',
      perl: `open(my $file, '<', '/proc/iomem') or return errno(); (grep { /^ *0*[1-9a-f]/ } <$file>) ? 'addresses' : 'zeros'`,
      inside: ['zeros', 'EACCES'],
      machine: ['addresses'],
    },
    {
      name: 'frames of memory: /proc/self/pagemap',
      perl: `my $fd = fd_of('/proc/self/pagemap'); my $file = fdopen_of_reading($fd); sysseek $file, 8 * (address_of($zeros) >> 12), 0;
        sysread $file, my $entry, 8 or return errno(); (unpack('Q', $entry) & ((1 << 55) - 1)) ? 'frames' : 'zeros'`,
      inside: ['zeros'],
      machine: ['frames'],
    },
    {
      name: 'be the last that the kernel kills for lack of memory: /proc/self/oom_score_adj',
      perl: `open(my $file, '>', '/proc/self/oom_score_adj') or return errno(); syswrite($file, '-1000') ? 'ok' : errno()`,
      inside: ['EACCES'],
      machine: ['ok'],
      capability: SYS_RESOURCE,
    },
  ],
}
