  pushq %rbp
  movq %rsp, %rbp
block0:
  movl 0x50(%rdi), %r8d
  testl %r8d, %r8d
  jz      label2; j label1
block1:
  jmp     label6
block2:
  movq 0x40(%rdi), %r10
  jmp     label3
block3:
  sequence_point
  movl -4(%r10), %eax
  movl 0x50(%rdi), %eax
  testl %eax, %eax
  jz      label4; j label5
block4:
  jmp     label3
block5:
  jmp     label6
block6:
  movq 0x40(%rdi), %rax
  movl (%rax), %eax
  movq %rbp, %rsp
  popq %rbp
  retq

