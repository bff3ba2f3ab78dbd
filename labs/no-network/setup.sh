#!/bin/bash
# Orders for the batch job.
if [ "$HOST" = node1 ]; then
  mkdir -p /root/orders
  cat > /root/orders/orders.csv <<'CSV'
id,customer,amount,state
1001,Liu Yang,42.00,paid
1002,Anna Berg,17.50,open
1003,Chen Jie,99.90,paid
1004,Tom Frey,12.00,cancelled
1005,Wang Fang,230.00,paid
1006,Eva Roth,8.40,open
1007,Zhao Lei,61.20,paid
CSV
fi
