# For interactive bash, both login shells (by /etc/profile) and others.
[ -n "${PS1-}" ] || return 0
shopt -s checkwinsize
PS1='\u@\h:\w\$ '
if [ -r /etc/profile.d/vethlab-marks.sh ]; then . /etc/profile.d/vethlab-marks.sh; fi
